/**
 * Certificates and keys as people put them into files. A TLS context takes any text as an authority and trusts nobody
 * more for it, and takes an RSA certificate with an EC key; both are found here, before anything is sent.
 */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { readText } from './config.ts';
import { UsageError } from './errors.ts';

/**
 * The certificates of authorities in a file.
 * @throws {UsageError} `bad_ca` when one of them is none
 */
export function readAuthority(path: string): string {
  const text = readText(path);
  const mistake = certificateMistake(text);
  if (mistake !== undefined) throw new UsageError('bad_ca', `${path} ${mistake}`);
  return text;
}

/** What keeps a text from being one or more certificates in PEM, continuing a sentence that names the file. */
export function certificateMistake(text: string): string | undefined {
  const blocks = text.match(block) ?? [];
  if (blocks.length > 0)
    return blocks.every(isCertificate) ? undefined : 'holds a certificate that is damaged; put the whole of it there';
  return `${insteadOf(text)}; a certificate in PEM begins with -----BEGIN CERTIFICATE-----`;
}

/** Whether Node's code of a failed call says that nobody it knows vouches for the certificate. */
export const isUntrusted = (code: string): boolean =>
  /SELF_SIGNED_CERT|UNABLE_TO_VERIFY|UNABLE_TO_GET_ISSUER/.test(code);

/** What keeps a certificate and a key from serving together; `of` is the one of them that is to blame. */
export function pairMistake(cert: string, key: string): { of: 'cert' | 'key'; text: string } | undefined {
  const wrongCert = certificateMistake(cert);
  if (wrongCert !== undefined) return { of: 'cert', text: wrongCert };
  const found = keyIn(key);
  if (found === undefined)
    return { of: 'key', text: 'holds no private key in PEM that can be read without a passphrase' };
  if (!new X509Certificate(cert).checkPrivateKey(found))
    return {
      of: 'key',
      text: 'is not the key of the certificate; the first one in its file must be the one it belongs to',
    };
  return isUsable(cert, key) ? undefined : { of: 'cert', text: 'is too weak for TLS; make a new one with its key' };
}

const block = /-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----[^-]*-----END (?:X509 |TRUSTED )?CERTIFICATE-----/g;

function isCertificate(text: string): boolean {
  try {
    new X509Certificate(text);
    return true;
  } catch {
    // Whatever OpenSSL says of it, it is none.
    return false;
  }
}

/** The text is not repeated: it may be a key. */
function insteadOf(text: string): string {
  if (text.trim() === '') return 'is empty';
  if (/PRIVATE KEY-----/.test(text)) return 'holds a private key and no certificate';
  if (text.includes('\ufffd') || text.includes('\0'))
    return 'is no text (DER becomes PEM with: openssl x509 -inform der -in FILE)';
  return 'holds no certificate';
}

function keyIn(text: string): KeyObject | undefined {
  try {
    return createPrivateKey(text);
  } catch {
    // No key, or one with a passphrase, which nobody could type here.
    return undefined;
  }
}

function isUsable(cert: string, key: string): boolean {
  try {
    createSecureContext({ cert, key });
    return true;
  } catch {
    // OpenSSL's security level forbids it, a 512-bit key for one.
    return false;
  }
}
