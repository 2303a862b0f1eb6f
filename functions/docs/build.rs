//! Makes what is sent: the page, the document as JSON, and Swagger UI from its package, compressed once and for all; beside each
//! file its entity tag.

use std::{
    collections::BTreeMap,
    env,
    error::Error,
    fs,
    io::{self, Cursor, Read, Write},
    path::Path,
};

use flate2::{Compression, Crc, write::GzEncoder};
use serde_norway::Mapping;
use utoipa_swagger_ui_vendored::SWAGGER_UI_VENDORED;
use zip::ZipArchive;

const DOCUMENT: &str = "../../openapi.yaml";

/// The folder of the page's own files.
const PAGE: &str = "src/page";

const ASSETS: [&str; 3] = ["swagger-ui-bundle.js", "swagger-ui.css", "favicon-32x32.png"];

fn main() -> Result<(), Box<dyn Error>> {
    for input in [DOCUMENT, PAGE, "build.rs"] {
        println!("cargo::rerun-if-changed={input}");
    }
    let output = env::var("OUT_DIR")?;
    let output = Path::new(&output);

    write(output, "start.js", &fs::read(Path::new(PAGE).join("start.js"))?)?;
    // What is beside the page, behind a slash at its end, is below it without one.
    let page = fs::read_to_string(Path::new(PAGE).join("index.html"))?;
    let page_without_slash = page.replace("href=\"", "href=\"docs/").replace("src=\"", "src=\"docs/");
    write(output, "index.html", page.as_bytes())?;
    write(output, "index-without-slash.html", page_without_slash.as_bytes())?;

    // As a mapping, which keeps the order of the document.
    let mut document: Mapping = serde_norway::from_str(&fs::read_to_string(DOCUMENT)?)?;
    // Where the document comes from, under whatever base path that is: a relative URL begins at the document's own (OpenAPI
    // 3.1.1, section 4.8.5).
    for (name, url) in [("schema.json", "../.."), ("schema-without-slash.json", "..")] {
        let server = BTreeMap::from([("url", url), ("description", "Where this document comes from")]);
        document.insert("servers".into(), serde_norway::to_value([server])?);
        write(output, name, serde_json::to_string(&document)?.as_bytes())?;
    }

    let mut archive = ZipArchive::new(Cursor::new(SWAGGER_UI_VENDORED))?;
    let names: Vec<_> = archive.file_names().map(|name| name.map(String::from)).collect::<Result<_, _>>()?;
    for asset in ASSETS {
        let name = names.iter().find(|name| name.ends_with(&format!("/dist/{asset}"))).ok_or(asset)?;
        let mut content = Vec::new();
        archive.by_name(name)?.read_to_end(&mut content)?;
        let mut compressed = GzEncoder::new(Vec::new(), Compression::best());
        compressed.write_all(&content)?;
        write(output, &format!("{asset}.gz"), &compressed.finish()?)?;
    }
    Ok(())
}

/// Writes a file that is sent as it is, and its entity tag: a checksum and the length of what is sent.
fn write(folder: &Path, name: &str, content: &[u8]) -> io::Result<()> {
    let mut checksum = Crc::new();
    checksum.update(content);
    let tag = format!("\"{:08x}-{:x}\"", checksum.sum(), checksum.amount());
    fs::write(folder.join(format!("{name}.etag")), tag)?;
    fs::write(folder.join(name), content)
}
