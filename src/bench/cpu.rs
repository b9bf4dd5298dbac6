//! The processor time of this process, where the platform tells it.

use std::time::Duration;

/// All threads, in user mode and in the kernel, since the process began. `None` where it is not known.
#[cfg(unix)]
pub(crate) fn process_time() -> Option<Duration> {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Some(Duration::new(u64::try_from(time.tv_sec).ok()?, u32::try_from(time.tv_nsec).ok()?))
}

#[cfg(not(unix))]
pub(crate) fn process_time() -> Option<Duration> {
    None
}

#[cfg(all(test, unix))]
mod tests {
    use super::process_time;

    #[test]
    fn work_takes_processor_time() {
        let before = process_time().unwrap();
        let mut sum = 0_u64;
        while process_time().unwrap() == before {
            sum = std::hint::black_box(sum.wrapping_add(1));
        }
        assert!(process_time().unwrap() > before, "{sum}");
    }
}
