use super::gallery::{Confused, Near, Retrieval};
use super::motion::{FPS, Motion, SIDE};
use super::run::{Clip, RunReport};
use super::text::{escape, put};

impl RunReport {
    /// Test clips with the training clips nearest to them.
    pub(super) fn neighbours(&self) -> String {
        let mut html = format!(
            "<p class=\"note\">Test clips, evenly spaced among those that the nearest neighbours classify rightly and wrongly, with the training clips \
             nearest to them by cosine. Clips are shown as preprocessed for the encoder, at {FPS:.0} frames a second: \
             <span class=\"side0\">left</span> and <span class=\"side2\">right</span> limbs.</p>\n{}",
            play()
        );
        for Retrieval { query, right, near } in &self.retrievals {
            let Some(clip) = self.test.get(query) else {
                continue;
            };
            let verdict = match right {
                true => "<span class=\"ok\">✓ found</span>".to_owned(),
                false => {
                    let knn = clip.guesses.map_or(clip.label, |guesses| guesses[1]);
                    format!(
                        "<span class=\"no\">✗ taken for {}</span>",
                        escape(&self.class(knn))
                    )
                }
            };
            html.push_str("<div class=\"row\">");
            html.push_str(&self.picture(true, *query, "clip query", &verdict));
            html.push_str("<div class=\"near\">");
            for &Near {
                clip: neighbour,
                cosine,
            } in near
            {
                let same = self
                    .train
                    .get(&neighbour)
                    .is_some_and(|found| found.label == clip.label);
                let mark = if same { "✓" } else { "✗" };
                let class = if same { "ok" } else { "no" };
                let verdict = format!("<span class=\"{class}\">{mark} cosine {cosine:.3}</span>");
                html.push_str(&self.picture(false, neighbour, "clip", &verdict));
            }
            html.push_str("</div></div>\n");
        }
        html
    }

    /// Clips of the most frequent confusions.
    pub(super) fn worst(&self) -> String {
        if self.confusions.is_empty() {
            return "<p class=\"note\">The linear classifier takes no test clip for another class.</p>\n".to_owned();
        }
        let mut html = format!(
            "<p class=\"note\">The linear classifier's most frequent confusions: the clip that it was surest about, beside the most similar test clip \
             of the other class that it classifies rightly.</p>\n{}<div class=\"confusions\">",
            play()
        );
        for Confused {
            label,
            guess,
            clips,
            example,
            probability,
            other,
        } in &self.confusions
        {
            put(
                &mut html,
                format_args!(
                    "<div><h3>{} taken for {} · {clips} of {}</h3><div class=\"two\">",
                    escape(&self.class(*label)),
                    escape(&self.class(*guess)),
                    self.linear.clips(*label)
                ),
            );
            let verdict = format!("<span class=\"no\">✗ probability {probability:.2}</span>");
            html.push_str(&self.picture(true, *example, "clip", &verdict));
            match other {
                Some(Near { clip, cosine }) => {
                    let verdict = format!("<span class=\"ok\">✓ cosine {cosine:.3}</span>");
                    html.push_str(&self.picture(true, *clip, "clip", &verdict));
                }
                None => html
                    .push_str("<p class=\"note\">No clip of that class is classified rightly.</p>"),
            }
            html.push_str("</div></div>\n");
        }
        html.push_str("</div>\n");
        html
    }

    /// A clip of the test or training side that moves; `verdict` is HTML.
    fn picture(&self, test: bool, number: usize, class: &str, verdict: &str) -> String {
        let (clips, motions, side) = match test {
            true => (&self.test, &self.test_motions, 't'),
            false => (&self.train, &self.train_motions, 'r'),
        };
        let (Some(Clip { name, label, .. }), Some(motion)) =
            (clips.get(&number), motions.get(&number))
        else {
            return String::new();
        };
        let (name, label) = (escape(name), escape(&self.class(*label)));
        format!(
            "<figure class=\"{class}\"><svg data-motion=\"{side}{number}\" role=\"img\" aria-label=\"moving figure: {label}, {name}\" \
             viewBox=\"0 0 {SIDE} {SIDE}\">{}</svg><figcaption><b>{label}</b><span>{name}</span>{verdict}</figcaption></figure>",
            self.still(motion)
        )
    }

    fn still(&self, motion: &Motion) -> String {
        let mut svg = String::new();
        for (person, paths) in motion.still(&self.skeleton).into_iter().enumerate() {
            svg.push_str(if person == 0 {
                "<g>"
            } else {
                "<g class=\"more\">"
            });
            for (side, path) in paths.iter().enumerate() {
                put(
                    &mut svg,
                    format_args!("<path class=\"b{side}\" d=\"{path}\"/>"),
                );
            }
            svg.push_str("</g>");
        }
        svg
    }
}

fn play() -> &'static str {
    "<div class=\"tools\"><button type=\"button\" class=\"play\" hidden>Pause</button></div>\n"
}
