/** Numbers the turns of the event loop: all callbacks of one poll get the same number. */
export function createTurns(): () => number {
  let number = 0;
  let counted = false;
  return () => {
    if (!counted) {
      counted = true;
      setImmediate(() => {
        number++;
        counted = false;
      });
    }
    return number;
  };
}
