//! What a writable mount asks of the kernel when it begins.

use std::io;

use fuser::{InitFlags, KernelConfig};
use tracing::debug;

/// Bytes of the largest READ and WRITE: 256 pages.
pub(super) const LEN_MAX: u32 = 1 << 20;
/// Requests, as those of read-ahead, that the kernel lets wait for us.
const BACKGROUND_MAX: u16 = 64;

/// What the kernel is asked for, as far as it has it.
const WISHES: [InitFlags; 9] = [
    // Else a file is copied when it is opened, only to be cut.
    InitFlags::FUSE_ATOMIC_O_TRUNC,
    InitFlags::FUSE_DO_READDIRPLUS,
    InitFlags::FUSE_PARALLEL_DIROPS,
    InitFlags::FUSE_CACHE_SYMLINKS,
    InitFlags::FUSE_EXPLICIT_INVAL_DATA,
    InitFlags::FUSE_NO_EXPORT_SUPPORT,
    InitFlags::FUSE_ASYNC_DIO,
    InitFlags::FUSE_MAX_PAGES,
    // Without it the kernel asks for an attribute before every write.
    InitFlags::FUSE_HANDLE_KILLPRIV_V2,
];

/// Asks for all that this kernel has of it.
pub(super) fn ask(config: &mut KernelConfig) -> io::Result<()> {
    for wish in &WISHES {
        if let Err(missing) = config.add_capabilities(*wish) {
            debug!(?missing, "this kernel has not all that makes a mount fast");
        }
    }
    let too_much = || io::Error::from(io::ErrorKind::InvalidInput);
    config.set_max_write(LEN_MAX).map_err(|_| too_much())?;
    config.set_max_background(BACKGROUND_MAX).map_err(|_| too_much())?;
    Ok(())
}
