import { patternMistake } from '../pattern.ts';
import { tokenFloor } from '../settings.ts';
import { type Doubt, saidAt, settingsPlaces } from './doubt.ts';

/** Answers that can never be visible. */
export const floors: Doubt = ({ config, outlines }, report) => {
  for (const outline of outlines) {
    const { max_tokens: given, thinking = 'off' } = outline.settings;
    const floor = tokenFloor(outline.model, thinking);
    if (given !== undefined && given < floor)
      report(
        'max_tokens_too_low',
        saidAt(config, outline, 'max_tokens'),
        `${given} leaves ${outline.model} no room for a visible answer; at least ${floor} with thinking ${thinking}`,
      );
  }
};

/** Answers that nothing can match. */
export const expressions: Doubt = ({ config }, report) => {
  for (const { path, settings } of settingsPlaces(config))
    for (const level of ['expect', 'warn'] as const) {
      const content = settings[level]?.content;
      if (typeof content !== 'object' || !('regex' in content)) continue;
      const mistake = patternMistake(content.regex);
      if (mistake !== undefined) report('bad_regex', [...path, level, 'content', 'regex'], mistake);
    }
};
