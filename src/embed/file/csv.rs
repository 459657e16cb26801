use std::io;

use ::csv::{ReaderBuilder, StringRecord, Writer};

use crate::embed::Embeddings;

pub(super) fn to_bytes(embeddings: &Embeddings) -> io::Result<Vec<u8>> {
    let mut writer = Writer::from_writer(Vec::new());
    let features = (0..embeddings.dim).map(|feature| format!("f{feature}"));
    let header = ["name", "label"].map(str::to_owned).into_iter();
    writer.write_record(header.chain(features))?;
    for (index, (name, label)) in embeddings.names.iter().zip(&embeddings.labels).enumerate() {
        writer.write_field(name)?;
        writer.write_field(label.as_deref().unwrap_or_default())?;
        for value in embeddings.row(index) {
            writer.write_field(value.to_string())?;
        }
        writer.write_record(None::<&[u8]>)?;
    }
    writer.into_inner().map_err(|error| error.into_error())
}

pub(super) fn from_bytes(bytes: &[u8]) -> Result<Embeddings, String> {
    let mut reader = ReaderBuilder::new().from_reader(bytes);
    let header = reader.headers().map_err(|error| error.to_string())?;
    let dim = header.len().saturating_sub(2);
    let expected = ["name", "label", "f0"];
    if !header.iter().take(3).eq(expected) {
        let found: Vec<&str> = header.iter().take(3).collect();
        return Err(format!(
            "the header begins with `{}`, expected `{}`",
            found.join(","),
            expected.join(",")
        ));
    }
    let (mut values, mut names, mut labels) = (Vec::new(), Vec::new(), Vec::new());
    let mut row = StringRecord::new();
    while reader
        .read_record(&mut row)
        .map_err(|error| error.to_string())?
    {
        names.push(row[0].to_owned());
        labels.push(Some(row[1].to_owned()).filter(|label| !label.is_empty()));
        for (feature, field) in row.iter().skip(2).enumerate() {
            let line = row.position().map_or(0, |position| position.line());
            values.push(field.parse().map_err(|_| {
                let shown: String = field.chars().take(40).collect();
                format!("line {line}: f{feature} is `{shown}`, expected a number")
            })?);
        }
    }
    Embeddings::from_parts(values, dim, names, labels, None)
}
