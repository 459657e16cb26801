//! The calls in a pickle, read as what they say: those of NumPy's arrays and of plain containers, and no other.

use super::pickle::{Machine, Step};
use super::value::{ArrayState, Coding, Id, Node, Part};
use crate::formats::FileError;

/// Most arguments of a call and fields of a state; a type of numbers has nine.
const MAX_ARGUMENTS: usize = 16;

impl Machine<'_> {
    pub(super) fn refused(&self, what: String) -> FileError {
        self.wrong(
            format!("a call of {what}"),
            "data only: numbers, texts, containers and NumPy's arrays (nothing was executed)",
        )
    }

    /// Reads a call of one of the known functions as what it says.
    pub(super) fn call(&mut self, function: Id, arguments: Id) -> Step {
        let unknown = |machine: &Self| machine.refused(machine.value(function).kind());
        let &Node::Global(module, name) = self.node(function) else {
            return Err(unknown(self));
        };
        let arguments = match self.node(arguments) {
            Node::Tuple(fields) if fields.len() <= MAX_ARGUMENTS => fields.clone(),
            _ => {
                let kind = self.value(arguments).kind();
                return Err(self.wrong(kind, "a tuple of a few arguments"));
            }
        };
        let bytes = self.bytes;
        let word = |part: Part| bytes.get(part.start..part.end).unwrap_or_default();
        let node = match (word(module), word(name), &*arguments) {
            (
                b"numpy.core.multiarray" | b"numpy._core.multiarray",
                b"_reconstruct",
                &[class, ..],
            ) => match *self.node(class) {
                Node::Global(module, name)
                    if (word(module), word(name)) == (b"numpy", b"ndarray") =>
                {
                    Node::Array(None)
                }
                _ => return Err(self.refused(self.value(class).kind())),
            },
            (b"numpy.core.multiarray" | b"numpy._core.multiarray", b"scalar", &[dtype, data]) => {
                Node::Scalar { dtype, data }
            }
            (b"numpy", b"dtype", &[code, ..]) => Node::Dtype { code, usable: true },
            (
                b"numpy.core.numeric" | b"numpy._core.numeric",
                b"_frombuffer",
                &[data, dtype, shape, order],
            ) => {
                let fortran = match self.value(order).text().as_deref() {
                    Some("C") => false,
                    Some("F") => true,
                    _ => return Err(self.wrong(self.value(order).kind(), "the order `C` or `F`")),
                };
                Node::Array(Some(Box::new(ArrayState {
                    shape,
                    dtype,
                    fortran,
                    data,
                })))
            }
            (b"_codecs", b"encode", &[text, coding]) => self.encoded(text, coding)?,
            (b"builtins" | b"__builtin__", b"bytearray", &[text, coding]) => {
                self.encoded(text, coding)?
            }
            (b"builtins" | b"__builtin__", b"bytearray", &[data])
                if matches!(self.node(data), Node::Bytes(..)) =>
            {
                self.node(data).clone()
            }
            (b"builtins" | b"__builtin__", b"bytearray" | b"bytes", &[]) => {
                Node::Bytes(Part { start: 0, end: 0 }, Coding::Raw)
            }
            (b"builtins" | b"__builtin__", b"set" | b"frozenset", &[items]) => {
                self.copy(items)?;
                match self.node(items) {
                    Node::List(items) => Node::Set(items.clone()),
                    _ => return Err(self.wrong(self.value(items).kind(), "a list of the set")),
                }
            }
            (b"collections", b"OrderedDict", &[]) | (b"collections", b"defaultdict", _) => {
                Node::Dict(Vec::new())
            }
            (b"collections", b"OrderedDict", &[items]) => {
                self.copy(items)?;
                Node::Dict(self.listed_pairs(items)?)
            }
            _ => return Err(unknown(self)),
        };
        self.push(node)
    }

    /// Accounts for a copy of a container.
    fn copy(&mut self, items: Id) -> Step {
        let count = self.value(items).items().map_or(0, |items| items.len());
        match self.copies.checked_sub(count) {
            Some(left) => {
                self.copies = left;
                Ok(())
            }
            None => Err(self.wrong("one long list in many calls", "each list once")),
        }
    }

    fn encoded(&self, text: Id, coding: Id) -> Step<Node> {
        let latin = matches!(
            self.value(coding).text().as_deref(),
            Some("latin1" | "latin-1")
        );
        match *self.node(text) {
            Node::Text(part, coding) if latin => Ok(Node::Bytes(part, coding)),
            _ => Err(self.wrong("bytes in a text of another coding", "Latin-1")),
        }
    }

    /// `[[key, value], ...]`, as Python 2 stores an ordered dictionary.
    fn listed_pairs(&self, items: Id) -> Step<Vec<(Id, Id)>> {
        let pairs = self.value(items).items().and_then(|pairs| {
            pairs
                .map(|pair| {
                    let mut pair = pair.items()?.map(|value| value.id);
                    let (key, value, end) = (pair.next()?, pair.next()?, pair.next());
                    end.is_none().then_some((key, value))
                })
                .collect()
        });
        pairs.ok_or_else(|| self.wrong(self.value(items).kind(), "a list of pairs"))
    }

    /// `b`: gives the type or the array on the stack its state.
    pub(super) fn build(&mut self, state: Id) -> Step {
        let top = self.top()?;
        let fields: Option<Vec<Id>> = match self.node(state) {
            // An array's shape is no state, so no state is long.
            Node::Tuple(fields) if fields.len() <= MAX_ARGUMENTS => Some(fields.to_vec()),
            _ => None,
        };
        let node = match (self.node(top), fields.as_deref()) {
            // Version, byte order, and what only records and times have.
            (&Node::Dtype { code, .. }, Some(&[_, order, inner, ref rest @ ..])) => {
                let names = rest
                    .iter()
                    .take(2)
                    .all(|&field| self.value(field).is_none());
                let order = self.value(order).text();
                let native = matches!(order.as_deref(), Some("<" | "|" | "="));
                let usable = native && names && self.value(inner).is_none();
                Node::Dtype { code, usable }
            }
            (
                Node::Array(_),
                Some(&[_, shape, dtype, fortran, data] | &[shape, dtype, fortran, data]),
            ) => {
                let fortran = self.value(fortran).integer();
                let fortran = fortran
                    .filter(|flag| (0..=1).contains(flag))
                    .ok_or_else(|| self.wrong("an array of an unknown order", "true or false"))?;
                Node::Array(Some(Box::new(ArrayState {
                    shape,
                    dtype,
                    fortran: fortran == 1,
                    data,
                })))
            }
            _ => {
                let kind = self.value(top).kind();
                return Err(self.refused(format!("`__setstate__` of {kind}")));
            }
        };
        if let Some(place) = self.nodes.get_mut(top as usize) {
            *place = node;
        }
        Ok(())
    }
}
