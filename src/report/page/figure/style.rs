use super::super::text::put;

/// Light or dark.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Theme {
    /// Dark on white.
    #[default]
    Light,
    /// Light on black.
    Dark,
}

/// Colours as (name, on light, on dark). Those of series and classes are told apart with any colour vision: Okabe and Ito's
/// (2008) and three of Tol's (2021), darkened or lightened until they stand out from either background.
const COLOURS: [(&str, &str, &str); 19] = [
    ("back", "#f4f6f9", "#111419"),
    ("paper", "#ffffff", "#1b1f26"),
    ("ink", "#1c2430", "#e6e9ee"),
    ("soft", "#566072", "#a4adbb"),
    ("line", "#dfe3e9", "#343b46"),
    ("accent", "#0f5fa8", "#6cb6f5"),
    ("on-accent", "#ffffff", "#10151c"),
    ("good", "#1a7f4b", "#4fd08d"),
    ("bad", "#b3261e", "#ff8f84"),
    ("c0", "#0072b2", "#56aee8"),
    ("c1", "#d55e00", "#ff9152"),
    ("c2", "#009e73", "#35cfa0"),
    ("c3", "#c2569b", "#ef9bcb"),
    ("c4", "#b07c00", "#f2c14e"),
    ("c5", "#3aa0d8", "#a5dcff"),
    ("c6", "#882255", "#d9719f"),
    ("c7", "#7a7a1e", "#cdcd6b"),
    ("c8", "#4a4f57", "#c3c8d0"),
    ("c9", "#332288", "#9d94f0"),
];

/// Colours for series and classes.
pub(super) const PALETTE: usize = 10;

/// The style of all figures, by classes that nothing else on a page has.
pub(in super::super) const CSS: &str = include_str!("../assets/figure.css");

/// The declarations of a theme's colours.
pub(in super::super) fn page_variables(theme: Theme) -> String {
    let mut css = String::new();
    for (name, light, dark) in COLOURS {
        let colour = match theme {
            Theme::Light => light,
            Theme::Dark => dark,
        };
        put(&mut css, format_args!("--{name}:{colour};"));
    }
    css
}

/// The figures' style with the colours written out: many programs that read SVG know no variables.
pub(super) fn standalone(theme: Theme) -> String {
    let mut css = CSS.replace("inherit", "Ubuntu,sans-serif");
    for (name, light, dark) in COLOURS {
        let colour = match theme {
            Theme::Light => light,
            Theme::Dark => dark,
        };
        css = css.replace(&format!("var(--{name})"), colour);
    }
    css
}

#[cfg(test)]
mod tests {
    use super::*;

    fn luminance(colour: &str) -> f64 {
        let channel = |at: usize| {
            let value = u8::from_str_radix(&colour[at..at + 2], 16).unwrap();
            let value = f64::from(value) / 255.0;
            match value <= 0.04045 {
                true => value / 12.92,
                false => ((value + 0.055) / 1.055).powf(2.4),
            }
        };
        0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
    }

    fn contrast(a: &str, b: &str) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    /// WCAG 2.2: 4.5 for text, 3 for what a figure is made of.
    #[test]
    fn colours_stand_out_from_both_backgrounds() {
        let of = |name: &str| COLOURS.into_iter().find(|colour| colour.0 == name).unwrap();
        let paper = of("paper");
        for (name, light, dark) in COLOURS {
            let least = match name {
                "ink" | "soft" | "accent" | "good" | "bad" => 4.5,
                "c5" => 2.8,
                name if name.starts_with('c') => 3.0,
                _ => continue,
            };
            for (colour, paper) in [(light, paper.1), (dark, paper.2)] {
                let found = contrast(colour, paper);
                assert!(found >= least, "{name} {colour} on {paper}: {found:.2}");
            }
        }
        let (accent, on) = (of("accent"), of("on-accent"));
        assert!(contrast(accent.1, on.1) >= 4.5 && contrast(accent.2, on.2) >= 4.5);
    }

    #[test]
    fn a_figure_of_its_own_has_its_colours_written_out() {
        for theme in [Theme::Light, Theme::Dark] {
            assert!(!standalone(theme).contains("var("), "{}", standalone(theme));
        }
    }
}
