use skeleton_data::Stream;

use super::WeightsError;

/// What every described network has: its first layer.
const FIRST: &str = "data_bn.weight";

/// What the names of each network among `names` begin with: nothing, or up to and including a dot.
pub fn networks<'a>(names: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let prefixes = names.into_iter().filter_map(|name| {
        let prefix = name.strip_suffix(FIRST)?;
        (prefix.is_empty() || prefix.ends_with('.')).then(|| prefix.to_owned())
    });
    prefixes.collect()
}

/// What the names of the wanted network begin with: `asked` if given, with or without its last dot; else that of the only
/// network; else of several the one that CrosSCLR's and AimCLR's releases use for `stream`, `encoder_q_motion` or
/// `encoder_q_bone`, or `encoder_q`, whatever comes before it.
///
/// # Errors
/// [`WeightsError::NoNetwork`] and [`WeightsError::SeveralNetworks`].
pub fn find_network<'a>(
    names: impl IntoIterator<Item = &'a str>,
    stream: Stream,
    asked: Option<&str>,
) -> Result<String, WeightsError> {
    let found = networks(names);
    if let Some(asked) = asked {
        let prefix = match asked.is_empty() || asked.ends_with('.') {
            true => asked.to_owned(),
            false => format!("{asked}."),
        };
        return match found.contains(&prefix) {
            true => Ok(prefix),
            false => Err(WeightsError::NoNetwork {
                first: format!("{prefix}{FIRST}"),
                found,
            }),
        };
    }
    match &found[..] {
        [] => Err(WeightsError::NoNetwork {
            first: FIRST.to_owned(),
            found,
        }),
        [only] => Ok(only.clone()),
        [..] => {
            let own: &[&str] = match stream {
                Stream::Joint => &["encoder_q"],
                Stream::Bone => &["encoder_q_bone", "encoder_q"],
                Stream::Motion => &["encoder_q_motion", "encoder_q"],
            };
            let called = |module: &str| {
                let mut of_it = found.iter().filter(|prefix| {
                    let last = prefix.trim_end_matches('.').rsplit('.').next();
                    last == Some(module)
                });
                of_it.next().filter(|_| of_it.next().is_none())
            };
            let chosen = own.iter().find_map(|module| called(module)).cloned();
            chosen.ok_or(WeightsError::SeveralNetworks { found })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(names: &[&str], stream: Stream, asked: Option<&str>) -> Result<String, String> {
        find_network(names.iter().copied(), stream, asked).map_err(|error| error.to_string())
    }

    const CROSSCLR: &[&str] = &[
        "module.encoder_q.data_bn.weight",
        "module.encoder_k.data_bn.weight",
        "module.encoder_q_motion.data_bn.weight",
        "module.encoder_q_bone.data_bn.weight",
        "module.queue",
    ];

    #[test]
    fn the_network_of_a_method_is_found_by_the_stream() {
        for (stream, prefix) in [
            (Stream::Joint, "module.encoder_q."),
            (Stream::Bone, "module.encoder_q_bone."),
            (Stream::Motion, "module.encoder_q_motion."),
        ] {
            assert_eq!(find(CROSSCLR, stream, None), Ok(prefix.to_owned()));
        }
        // SkeletonCLR on motion has one query encoder.
        assert_eq!(
            find(&CROSSCLR[..2], Stream::Motion, None),
            Ok("module.encoder_q.".to_owned())
        );
        for alone in ["", "state_dict.", "model.module."] {
            let name = format!("{alone}data_bn.weight");
            let names = [name.as_str(), "epoch", "data_bn.bias"];
            assert_eq!(find(&names, Stream::Bone, None), Ok(alone.to_owned()));
        }
    }

    #[test]
    fn a_prefix_that_is_asked_for_has_to_be_there() {
        for asked in ["module.encoder_k", "module.encoder_k."] {
            let found = find(CROSSCLR, Stream::Joint, Some(asked));
            assert_eq!(found, Ok("module.encoder_k.".to_owned()));
        }
        let refused = find(CROSSCLR, Stream::Joint, Some("encoder_k")).unwrap_err();
        assert!(
            refused.contains("`encoder_k.data_bn.weight`")
                && refused.contains("`module.encoder_k.`"),
            "{refused}"
        );
        let refused = find(CROSSCLR, Stream::Joint, Some("")).unwrap_err();
        assert!(refused.contains("`data_bn.weight`"), "{refused}");
    }

    #[test]
    fn none_and_several_are_refused_naming_what_is_there() {
        let refused = find(&["conv1.weight", "mydata_bn.weight"], Stream::Joint, None);
        assert!(refused.unwrap_err().contains("`data_bn.weight`"));
        let names = ["student.data_bn.weight", "teacher.data_bn.weight"];
        let refused = find(&names, Stream::Joint, None).unwrap_err();
        assert!(
            refused.contains("`student.`") && refused.contains("`teacher.`"),
            "{refused}"
        );
        let names = ["a.encoder_q.data_bn.weight", "b.encoder_q.data_bn.weight"];
        assert!(find(&names, Stream::Joint, None).is_err());
    }
}
