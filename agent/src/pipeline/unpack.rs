//! Decompression after opening. Input is authenticated, so a broken frame is a defect of the writer;
//! it is refused all the same, as is a frame that is cut.

use crate::plugin::WorkloadError;
use zstd::stream::raw::{Decoder, InBuffer, Operation, OutBuffer};

/// Plaintext handed on at once.
const PIECE: usize = 1024 * 1024;

/// Unpacks one stream.
pub(super) enum Unpacker {
    /// Bytes go through as they are.
    Plain,
    /// A row of zstd frames.
    Zstd {
        /// The decoder.
        decoder: Decoder<'static>,
        /// Where it writes.
        out: Vec<u8>,
        /// Whether the input so far ends with a whole frame.
        whole: bool,
    },
}

impl Unpacker {
    /// By the manifest's word.
    pub(super) fn new(compression: &str) -> Result<Self, WorkloadError> {
        match compression {
            "none" => Ok(Self::Plain),
            "zstd" => Ok(Self::Zstd { decoder: Decoder::new().map_err(failed)?, out: vec![0; PIECE], whole: true }),
            other => Err(WorkloadError::fault(
                "WorkloadRestoreFailed",
                format!("The backup is compressed with '{other}', which this agent does not know. Update the agent."),
            )),
        }
    }
    pub(super) fn push(&mut self, bytes: &[u8], emit: &mut dyn FnMut(&[u8]) -> Result<(), WorkloadError>) -> Result<(), WorkloadError> {
        let Self::Zstd { decoder, out, whole } = self else {
            return if bytes.is_empty() { Ok(()) } else { emit(bytes) };
        };
        let mut input = InBuffer::around(bytes);
        loop {
            let mut output = OutBuffer::around(out.as_mut_slice());
            let before = input.pos();
            let hint = decoder.run(&mut input, &mut output).map_err(failed)?;
            let made = output.pos();
            let stuck = made == 0 && input.pos() == before;
            if made > 0 || input.pos() > before {
                *whole = hint == 0;
            }
            if made > 0 {
                emit(&out[..made])?;
            }
            // Go on while there is input, or while a full piece says that more output waits.
            if stuck || (input.pos() == bytes.len() && made < PIECE) {
                return Ok(());
            }
        }
    }
    pub(super) fn finish(self) -> Result<(), WorkloadError> {
        match self {
            Self::Zstd { whole: false, .. } => {
                Err(WorkloadError::fault("UserErrorRecoveryPointDataCorrupt", "The compressed stream ends within a frame."))
            }
            _ => Ok(()),
        }
    }
}

#[allow(clippy::needless_pass_by_value, reason = "a mapper of errors takes them whole")]
fn failed(error: std::io::Error) -> WorkloadError {
    WorkloadError::fault("UserErrorRecoveryPointDataCorrupt", format!("Decompression failed: {error}."))
}
