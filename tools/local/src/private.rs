//! The data folder and its files, which hold hashes and the secret. Only their owner may read them.

use std::{fs::DirBuilder, io, path::Path};

/// The default data folder.
pub(crate) const FOLDER: &str = ".local";

/// The file with the data of the embedded DynamoDB.
pub(crate) const DATABASE: &str = "dynamodb.sqlite";

/// The file with the generated secret.
pub(crate) const SECRET: &str = "secret_key";

/// Creates the folder if it does not exist, and takes all rights on it and on this program's files in it from everybody but the
/// owner, also on those of an earlier start. A folder with other files is not this program's and keeps its mode, unless it has
/// the default name and a file of this program in it.
///
/// # Errors
/// The system's error.
pub(crate) fn folder(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)?;
    #[cfg(unix)]
    unix::tighten(folder)?;
    Ok(())
}

#[cfg(unix)]
mod unix {
    use std::{fs, io, os::unix::fs::PermissionsExt, path::Path};

    use super::{DATABASE, FOLDER, SECRET};

    /// The suffixes of the files that SQLite creates beside a database, with its mode.
    const SUFFIXES: [&str; 4] = ["", "-journal", "-shm", "-wal"];

    /// Restricts the folder, if it is this program's, and this program's files in it to their owner.
    pub(super) fn tighten(folder: &Path) -> io::Result<()> {
        let (mut has_own, mut has_others) = (false, false);
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            // A link may lead to somebody else's file.
            let is_file = entry.file_type()?.is_file();
            if is_file && is_own(&entry.file_name().to_string_lossy()) {
                has_own = true;
                match restrict(&entry.path(), 0o600) {
                    // SQLite removed it meanwhile.
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                    restricted => restricted?,
                }
            } else {
                has_others = true;
            }
        }
        let has_default_name = folder.canonicalize()? == std::env::current_dir()?.canonicalize()?.join(FOLDER);
        if has_others && !(has_own && has_default_name) {
            return Ok(());
        }
        match restrict(folder, 0o700) {
            // The folder of somebody else, in which this program may write.
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(()),
            restricted => restricted,
        }
    }

    fn is_own(name: &str) -> bool {
        name == SECRET || name.strip_prefix(DATABASE).is_some_and(|end| SUFFIXES.contains(&end))
    }

    /// Removes from a mode what is not allowed. A file whose mode is right is not touched.
    fn restrict(path: &Path, allowed: u32) -> io::Result<()> {
        let mut permissions = fs::metadata(path)?.permissions();
        let mode = permissions.mode() & 0o7777;
        if mode & !allowed == 0 {
            return Ok(());
        }
        permissions.set_mode(mode & allowed);
        fs::set_permissions(path, permissions)
    }
}
