//! What belongs to its owner alone: the folder for the data and the files in it, which hold hashes and the secret.

use std::{fs::DirBuilder, io, path::Path};

/// The folder, where no other is named.
pub(crate) const FOLDER: &str = ".local";

/// The file with the data of the embedded DynamoDB.
pub(crate) const DATABASE: &str = "dynamodb.sqlite";

/// The file with the secret that was made.
pub(crate) const SECRET: &str = "secret_key";

/// Makes the folder, unless it is there. It and the files of this program in it are their owner's alone from then on, those
/// of an earlier start too. A folder with other things in it is not this program's, and stays as it is, but for our files;
/// under the usual name it is ours all the same, once a file of ours is in it.
///
/// # Errors
/// What the system says when it does not let that happen.
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

    /// What SQLite puts behind a file's name for those that it makes beside it, with the mode of the first.
    const BESIDE: [&str; 4] = ["", "-journal", "-shm", "-wal"];

    /// Takes from everybody but the owner what they may do with the folder, where it is ours, and with our files in it.
    pub(super) fn tighten(folder: &Path) -> io::Result<()> {
        let (mut has_ours, mut has_others) = (false, false);
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            // A link leads to what may be anybody's.
            let is_file = entry.file_type()?.is_file();
            if is_file && is_ours(&entry.file_name().to_string_lossy()) {
                has_ours = true;
                match keep(&entry.path(), 0o600) {
                    // SQLite took it away meanwhile.
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                    kept => kept?,
                }
            } else {
                has_others = true;
            }
        }
        let has_the_usual_name = folder.canonicalize()? == std::env::current_dir()?.canonicalize()?.join(FOLDER);
        if has_others && !(has_ours && has_the_usual_name) {
            return Ok(());
        }
        match keep(folder, 0o700) {
            // Somebody else's, who lets us write to it.
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(()),
            kept => kept,
        }
    }

    fn is_ours(name: &str) -> bool {
        name == SECRET || name.strip_prefix(DATABASE).is_some_and(|end| BESIDE.contains(&end))
    }

    /// Keeps of a mode what this has of it. What is tight already is not touched.
    fn keep(path: &Path, most: u32) -> io::Result<()> {
        let mut permissions = fs::metadata(path)?.permissions();
        let mode = permissions.mode() & 0o7777;
        if mode & !most == 0 {
            return Ok(());
        }
        permissions.set_mode(mode & most);
        fs::set_permissions(path, permissions)
    }
}
