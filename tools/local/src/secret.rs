//! The secret of the local stack.

use std::{
    fs,
    io::{self, Write},
    path::PathBuf,
};

use base64::{Engine, prelude::BASE64_STANDARD};
use shared::error::StoreError;
use shared::random::Random;
use stack::new_private_file;

use crate::{Options, StartError, private};

/// Where the secret came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Secret {
    /// From `SECRET_KEY`.
    Environment,
    /// In Secrets Manager, under the id in `SECRET_ID`.
    SecretsManager(String),
    /// From the file that an earlier start wrote.
    File(PathBuf),
    /// Generated at this start, and written to the file for the next.
    Generated(PathBuf),
    /// Generated at this start, and not kept.
    InMemory,
}

/// The secret, unless it is in Secrets Manager, and where it came from. Without one in the environment, one is generated and
/// kept, so that tokens survive a restart.
///
/// # Errors
/// [`StartError::Folder`] when the file can be neither read nor written.
pub(crate) fn find(
    variable: impl Fn(&str) -> Option<String>,
    options: &Options,
) -> Result<(Option<String>, Secret), StartError> {
    if let Some(secret) = variable("SECRET_KEY") {
        return Ok((Some(secret), Secret::Environment));
    }
    if let Some(id) = variable("SECRET_ID") {
        return Ok((None, Secret::SecretsManager(id)));
    }
    let (secret, source) = find_or_generate(options)?;
    Ok((Some(secret), source))
}

fn find_or_generate(options: &Options) -> Result<(String, Secret), StartError> {
    let new = || Ok::<_, StartError>(BASE64_STANDARD.encode(Random::system().bytes::<48>().map_err(StoreError::from)?));
    if options.in_memory {
        return Ok((new()?, Secret::InMemory));
    }
    let path = options.data_dir.join(private::SECRET);
    let folder = |error| StartError::folder(&options.data_dir, error);
    match fs::read_to_string(&path) {
        Ok(secret) => Ok((secret.trim().to_owned(), Secret::File(path))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let secret = new()?;
            new_private_file(&path).and_then(|mut file| writeln!(file, "{secret}")).map_err(folder)?;
            Ok((secret, Secret::Generated(path)))
        }
        Err(error) => Err(folder(error)),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use rstest::rstest;

    use super::*;

    fn options(folder: &Path) -> Options {
        Options { data_dir: folder.into(), in_memory: false, ..Options::for_tests() }
    }

    #[test]
    fn a_secret_is_generated_once_and_used_again() {
        let folder = tempfile::tempdir().unwrap();
        let (generated, source) = find(|_| None, &options(folder.path())).unwrap();
        assert_eq!(source, Secret::Generated(folder.path().join(private::SECRET)));
        assert_eq!(generated.as_ref().unwrap().len(), 64);
        let (found, source) = find(|_| None, &options(folder.path())).unwrap();
        assert_eq!((found, source), (generated, Secret::File(folder.path().join(private::SECRET))));
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_can_read_the_file() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        find(|_| None, &options(folder.path())).unwrap();
        let mode = fs::metadata(folder.path().join(private::SECRET)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[rstest]
    #[case::the_secret(&["SECRET_KEY"], Some("the SECRET_KEY"), Secret::Environment)]
    #[case::its_id(&["SECRET_ID"], None, Secret::SecretsManager("the SECRET_ID".into()))]
    #[case::both(&["SECRET_KEY", "SECRET_ID"], Some("the SECRET_KEY"), Secret::Environment)]
    fn the_environment_takes_precedence_and_nothing_is_written(
        #[case] set: &[&str],
        #[case] secret: Option<&str>,
        #[case] source: Secret,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let variable = |name: &str| set.contains(&name).then(|| format!("the {name}"));
        let found = find(variable, &options(folder.path())).unwrap();
        assert_eq!(found, (secret.map(Into::into), source));
        assert!(!folder.path().join(private::SECRET).exists());
    }

    #[test]
    fn in_memory_nothing_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let options = Options { in_memory: true, ..options(folder.path()) };
        assert_eq!(find(|_| None, &options).unwrap().1, Secret::InMemory);
        assert!(!folder.path().join(private::SECRET).exists());
    }
}
