use crate::Case;

pub(crate) fn good() -> Vec<Case> {
    vec![]
}

pub(crate) fn cases() -> Vec<Case> {
    vec![]
}
