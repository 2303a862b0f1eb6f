//! The floors of `shared`: a module uses only modules on lower floors, never one on its own floor or above.

use std::{collections::BTreeMap, fs, path::Path};

use crate::documents::root;

/// The modules of each floor, from the bottom up.
const FLOORS: [&[&str]; 9] = [
    &["clock", "random", "timeouts"],
    &["kept", "metrics"],
    &["domain", "settings"],
    &["error"],
    &["audit", "keys", "http"],
    &["tokens", "passwords"],
    &["store"],
    &["guard"],
    &["runtime"],
];

/// Re-exports at the root of the crate, and the modules that they come from.
const RE_EXPORTED: [(&str, &str); 1] = [("Error", "error")];

/// The floor of each module, by its name.
fn floors() -> BTreeMap<&'static str, usize> {
    let modules = |(floor, modules): (usize, &[&'static str])| {
        modules.iter().map(move |module| (*module, floor)).collect::<Vec<_>>()
    };
    FLOORS.into_iter().enumerate().flat_map(modules).collect()
}

/// The modules that a file uses by a path from the root of the crate, each with its line number. Comments and the tests at the
/// end of a file do not count.
fn used(source: &str) -> Vec<(usize, String)> {
    let code = source.split("#[cfg(test)]\nmod tests").next().unwrap();
    let code: Vec<_> = code.lines().map(|line| line.split("//").next().unwrap()).collect();
    let text = code.join("\n");
    let mut used = Vec::new();
    for (start, _) in text.match_indices("crate::") {
        let line = text[..start].matches('\n').count() + 1;
        let rest = &text[start + "crate::".len()..];
        for name in first_names(rest) {
            used.push((line, name));
        }
    }
    used
}

/// The first name of a path, or the first names in a group in braces.
fn first_names(path: &str) -> Vec<String> {
    let name = |text: &str| {
        text.trim().chars().take_while(|character| character.is_alphanumeric() || *character == '_').collect::<String>()
    };
    let Some(group) = path.strip_prefix('{') else { return vec![name(path)] };
    let (mut names, mut depth, mut member) = (Vec::new(), 0, String::new());
    for character in group.chars() {
        match character {
            '}' if depth == 0 => break,
            ',' if depth == 0 => names.push(name(&std::mem::take(&mut member))),
            other => {
                depth += i32::from(other == '{') - i32::from(other == '}');
                member.push(other);
            }
        }
    }
    names.push(name(&member));
    names.retain(|name| !name.is_empty());
    names
}

/// A message for each use in a file that the floor of its module does not allow.
fn faults(module: &str, file: &str, source: &str) -> Vec<String> {
    let floors = floors();
    let Some(floor) = floors.get(module) else { return vec![format!("{file}: {module} is on no floor")] };
    let mut faults = Vec::new();
    for (line, name) in used(source) {
        let from = RE_EXPORTED.into_iter().find(|(item, _)| *item == name).map_or(name.as_str(), |(_, module)| module);
        match floors.get(from) {
            None => faults.push(format!("{file}:{line}: {name} is on no floor")),
            Some(other) if from != module && other >= floor => {
                faults.push(format!("{file}:{line}: {module} (floor {floor}) uses {from} (floor {other})"));
            }
            Some(_) => {}
        }
    }
    faults
}

/// The faults of all files in a folder and its subfolders.
fn faults_below(folder: &Path, module: Option<&str>) -> Vec<String> {
    let mut entries: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    let mut faults = Vec::new();
    for path in entries {
        let stem = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let module = module.unwrap_or(&stem);
        let is_test = ["lib", "tests", "forgeries"].contains(&stem.as_str());
        if path.is_dir() {
            faults.extend(faults_below(&path, Some(module)));
        } else if path.extension().is_some_and(|extension| extension == "rs") && !is_test {
            let source = fs::read_to_string(&path).unwrap();
            faults.extend(self::faults(module, &path.display().to_string(), &source));
        }
    }
    faults
}

#[test]
fn modules_of_shared_use_only_modules_on_lower_floors() {
    assert_eq!(faults_below(&root().join("shared/src"), None), [""; 0]);
}

#[test]
fn every_module_is_in_the_map_of_the_crate() {
    let map = fs::read_to_string(root().join("shared/src/lib.rs")).unwrap();
    for module in floors().keys() {
        assert!(map.contains(&format!("mod {module};")), "{module} is not a module");
        assert!(
            map.contains(&format!("`{module}`]")) || map.contains(&format!("`{module}`")),
            "{module} is not in the map"
        );
    }
}

#[test]
fn uses_of_modules_on_the_same_or_a_higher_floor_are_reported() {
    let faults = |source: &str| faults("keys", "keys.rs", source);
    assert_eq!(faults("use crate::clock::Clock;\nuse crate::{Error, domain::{Email, UserId}, keys::Keys};"), [""; 0]);
    assert_eq!(
        faults("use crate::{\n    clock::Clock,\n    store::{Item, Users},\n};"),
        ["keys.rs:1: keys (floor 4) uses store (floor 6)"]
    );
    assert_eq!(faults("\nfn f(request: &crate::http::Request) {}"), ["keys.rs:2: keys (floor 4) uses http (floor 4)"]);
    assert_eq!(faults("use crate::elsewhere::X;"), ["keys.rs:1: elsewhere is on no floor"]);
}

#[test]
fn comments_and_tests_may_use_any_module() {
    let source =
        "/// See [`crate::store::Users`].\nfn f() {}\n\n#[cfg(test)]\nmod tests {\n    use crate::store::Users;\n}\n";
    assert_eq!(faults("keys", "keys.rs", source), [""; 0]);
}
