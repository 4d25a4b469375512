/** Part of a path, decoded; a broken escape stays as it is, and then names nothing. */
export function safeDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // URIError is all that it throws.
    return text;
  }
}
