//! The size of what Lambda loads at a cold start.

use std::{
    fs,
    io::{Cursor, Write},
};

use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

use crate::{
    Result,
    figures::{Figure, Table},
    stage::Binaries,
};

pub(crate) fn measure(binaries: &Binaries) -> Result<Table> {
    let mut table = Table::new("Size");
    for name in binaries.names() {
        let binary = fs::read(binaries.path(name)?)?;
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        // As SAM packs it.
        zip.start_file("bootstrap", SimpleFileOptions::default().compression_method(CompressionMethod::Deflated))?;
        zip.write_all(&binary)?;
        let zipped = zip.finish()?.into_inner();
        let megabytes = |bytes: &[u8]| bytes.len() as f64 / 1e6;
        table.push(
            name,
            vec![Figure::one("binary", "MB", megabytes(&binary)), Figure::one("zip", "MB", megabytes(&zipped))],
        );
    }
    Ok(table)
}
