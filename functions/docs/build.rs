//! Makes what the page needs: the document as JSON, and Swagger UI from its package, compressed once and for all.

use std::{
    collections::HashMap,
    env,
    error::Error,
    fs,
    io::{Cursor, Read, Write},
    path::Path,
};

use flate2::{Compression, write::GzEncoder};
use serde_norway::Mapping;
use utoipa_swagger_ui_vendored::SWAGGER_UI_VENDORED;
use zip::ZipArchive;

const DOCUMENT: &str = "../../openapi.yaml";

const ASSETS: [&str; 3] = ["swagger-ui-bundle.js", "swagger-ui.css", "favicon-32x32.png"];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={DOCUMENT}");
    println!("cargo::rerun-if-changed=build.rs");
    let output = env::var("OUT_DIR")?;
    let output = Path::new(&output);

    // As a mapping, which keeps the order of the document.
    let mut document: Mapping = serde_norway::from_str(&fs::read_to_string(DOCUMENT)?)?;
    // Wherever the page comes from.
    document.insert("servers".into(), serde_norway::to_value([HashMap::from([("url", "/")])])?);
    fs::write(output.join("schema.json"), serde_json::to_string(&document)?)?;

    let mut archive = ZipArchive::new(Cursor::new(SWAGGER_UI_VENDORED))?;
    let names: Vec<_> = archive.file_names().map(|name| name.map(String::from)).collect::<Result<_, _>>()?;
    for asset in ASSETS {
        let name = names.iter().find(|name| name.ends_with(&format!("/dist/{asset}"))).ok_or(asset)?;
        let mut content = Vec::new();
        archive.by_name(name)?.read_to_end(&mut content)?;
        let mut compressed = GzEncoder::new(Vec::new(), Compression::best());
        compressed.write_all(&content)?;
        fs::write(output.join(format!("{asset}.gz")), compressed.finish()?)?;
    }
    Ok(())
}
