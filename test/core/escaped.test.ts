import { expect, test } from 'vitest';
import { escaped } from '../../src/core/escaped.ts';

test('escaping leaves nothing that a browser reads as markup', () => {
  expect(escaped(`<a href="x" id='y'>&`)).toBe('&lt;a href=&quot;x&quot; id=&#39;y&#39;&gt;&amp;');
});

test.each([
  ['a terminal’s control characters', '\u0000\u001b[31m\u009b', '��[31m�'],
  ['halves of surrogate pairs, but no whole one', '\ud83d 😀 \ude00', '� 😀 �'],
  ['what is no character in XML', '\ufffe\uffff', '��'],
  ['white space, which stays', 'a\tb\r\nc', 'a\tb\r\nc'],
  ['nothing', '', ''],
])('%s', (_, text, shown) => {
  expect(escaped(text)).toBe(shown);
});
