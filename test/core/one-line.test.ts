import { expect, test } from 'vitest';
import { oneLine, plainLines } from '../../src/core/one-line.ts';

test.each([
  ['an erased screen', 'glm\x1b[2J', 'glm�[2J'],
  ['a title', '\x1b]0;pwn\x07evil', '�]0;pwn�evil'],
  ['line breaks', 'a\r\nb\u2028c\u2029d\u0085e\vf\fg', 'a��b�c�d�e�f�g'],
  ['a tab', 'a\tb', 'a�b'],
  ['C1 controls', '\u009b31mred', '�31mred'],
  ['marks of direction', 'user\u202egnp.exe\u2066x\u2069\u200f', 'user�gnp.exe�x��'],
  ['half a character', 'a\ud83d', 'a�'],
  ['nothing unfit', '智谱 GLM 😀 👩‍💻 é ― "\\x1b"', '智谱 GLM 😀 👩‍💻 é ― "\\x1b"'],
  ['nothing', '', ''],
])('%s is fit for one line', (_, text, fit) => {
  expect(oneLine(text)).toBe(fit);
  expect(oneLine(fit)).toBe(fit);
});

test('several lines stay several lines', () => {
  expect(plainLines('a\x1b[2J\n b\r\n\n')).toBe('a�[2J\n b�\n\n');
});
