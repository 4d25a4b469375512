/**
 * Preloaded into a process (`NODE_OPTIONS=--import`), whose wall clock can then be set from outside, as an administrator or
 * NTP would: SIGUSR2 puts it thirty hours ahead, SIGWINCH back to where it was. Monotonic time goes on as ever.
 */
const real = Date.now;
let shiftMs = 0;

Date.now = () => real() + shiftMs;
process.on('SIGUSR2', () => {
  shiftMs = 30 * 3_600_000;
});
process.on('SIGWINCH', () => {
  shiftMs = 0;
});
