//! Compression before sealing: zstd level 1, one independent frame per MiB of input, so that a
//! reader may start at any frame. Whether it pays is decided once per stream, on a sample.

use crate::plugin::WorkloadError;
use zstd::bulk::Compressor;

/// Input of one frame.
const FRAME: usize = 1024 * 1024;
/// Input that the decision is made on.
const SAMPLE: usize = 4 * FRAME;
const LEVEL: i32 = 1;

/// Packs one stream.
pub(super) struct Packer {
    state: State,
    /// Bytes taken in.
    pub(super) source_bytes: u64,
    /// Bytes given on.
    pub(super) packed_bytes: u64,
}

enum State {
    /// Bytes go through as they are.
    Plain,
    /// Holds the sample.
    Sampling(Vec<u8>),
    /// Holds the input of the next frame.
    Zstd { compressor: Compressor<'static>, input: Vec<u8>, frame: Vec<u8> },
}

impl Packer {
    pub(super) fn new(compress: bool) -> Self {
        let state = if compress { State::Sampling(Vec::new()) } else { State::Plain };
        Self { state, source_bytes: 0, packed_bytes: 0 }
    }
    /// The word for the manifest. Meaningful after `finish`.
    pub(super) fn compression(&self) -> &'static str {
        if matches!(self.state, State::Zstd { .. }) { "zstd" } else { "none" }
    }
    pub(super) fn push(&mut self, bytes: &[u8], emit: &mut dyn FnMut(&[u8]) -> Result<(), WorkloadError>) -> Result<(), WorkloadError> {
        self.source_bytes += bytes.len() as u64;
        match &mut self.state {
            State::Sampling(sample) => {
                sample.extend_from_slice(bytes);
                if sample.len() < SAMPLE { Ok(()) } else { self.decide(emit) }
            }
            _ => self.pack(bytes, emit),
        }
    }
    pub(super) fn finish(&mut self, emit: &mut dyn FnMut(&[u8]) -> Result<(), WorkloadError>) -> Result<(), WorkloadError> {
        self.decide(emit)?;
        self.flush(emit)
    }
    /// Ends sampling: packs on with zstd if it saves a tenth at least.
    fn decide(&mut self, emit: &mut dyn FnMut(&[u8]) -> Result<(), WorkloadError>) -> Result<(), WorkloadError> {
        let State::Sampling(sample) = &mut self.state else { return Ok(()) };
        let sample = std::mem::take(sample);
        let mut compressor = Compressor::new(LEVEL).map_err(failed)?;
        let mut frame = Vec::with_capacity(zstd::zstd_safe::compress_bound(FRAME));
        let mut packed = 0;
        for part in sample.chunks(FRAME) {
            frame.clear();
            packed += compressor.compress_to_buffer(part, &mut frame).map_err(failed)?;
        }
        self.state = if packed * 10 <= sample.len() * 9 && !sample.is_empty() {
            State::Zstd { compressor, input: Vec::with_capacity(FRAME), frame }
        } else {
            State::Plain
        };
        self.pack(&sample, emit)
    }
    fn pack(&mut self, mut bytes: &[u8], emit: &mut dyn FnMut(&[u8]) -> Result<(), WorkloadError>) -> Result<(), WorkloadError> {
        let State::Zstd { .. } = self.state else {
            self.packed_bytes += bytes.len() as u64;
            return emit(bytes);
        };
        while !bytes.is_empty() {
            let State::Zstd { input, .. } = &mut self.state else { break };
            let (now, later) = bytes.split_at(bytes.len().min(FRAME - input.len()));
            input.extend_from_slice(now);
            bytes = later;
            if input.len() == FRAME {
                self.flush(emit)?;
            }
        }
        Ok(())
    }
    fn flush(&mut self, emit: &mut dyn FnMut(&[u8]) -> Result<(), WorkloadError>) -> Result<(), WorkloadError> {
        let State::Zstd { compressor, input, frame } = &mut self.state else { return Ok(()) };
        if input.is_empty() {
            return Ok(());
        }
        frame.clear();
        compressor.compress_to_buffer(input.as_slice(), frame).map_err(failed)?;
        input.clear();
        self.packed_bytes += frame.len() as u64;
        emit(frame)
    }
}

fn failed(error: std::io::Error) -> WorkloadError {
    WorkloadError::io("compressing the backup", error)
}
