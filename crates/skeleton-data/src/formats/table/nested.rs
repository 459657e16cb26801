//! Nested arrays of numbers in JSON, kept flat: a number takes five bytes whatever the nesting.

use std::fmt;

use serde::de::{DeserializeSeed, Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// Deepest lists: frame, person, joint, axis.
const DEPTH: usize = 4;

/// What stands in the text, numbers apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token {
    Open,
    Close,
    Null,
    Number,
}

/// A nested array of which all numbers lie equally deep.
#[derive(Debug, Default)]
pub(super) struct Nested {
    pub tokens: Vec<Token>,
    pub numbers: Vec<f32>,
    /// Lists around every number, once there is one.
    pub depth: Option<usize>,
}

impl<'de> Deserialize<'de> for Nested {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut nested = Self::default();
        let into = &mut nested;
        deserializer.deserialize_any(Level { into, depth: 0 })?;
        Ok(nested)
    }
}

struct Level<'a> {
    into: &'a mut Nested,
    depth: usize,
}

impl<'de> DeserializeSeed<'de> for Level<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Level<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self.depth {
            0 => f.write_str("a list of frames"),
            _ => f.write_str("a list, a number or null"),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let depth = self.depth + 1;
        if depth > DEPTH {
            return Err(A::Error::custom(
                "lists deeper than frame, person, joint and axis",
            ));
        }
        let into = self.into;
        into.tokens.push(Token::Open);
        while seq
            .next_element_seed(Level {
                into: &mut *into,
                depth,
            })?
            .is_some()
        {}
        into.tokens.push(Token::Close);
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.into.tokens.push(Token::Null);
        Ok(())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        let depth = *self.into.depth.get_or_insert(self.depth);
        if depth != self.depth {
            return Err(E::custom(format_args!(
                "a number in {} lists, where the first number is in {depth}",
                self.depth
            )));
        }
        self.into.tokens.push(Token::Number);
        // Beyond f32 it becomes infinite, and is refused with its place.
        self.into.numbers.push(value as f32);
        Ok(())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        self.visit_f64(value as f64)
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        self.visit_f64(value as f64)
    }
}
