import { describe, expect, it } from '@jest/globals';
import type { Field } from '../../src/models/features/schema.ts';
import { describeContribution } from '../../src/scoring/explain-text.ts';

const number: Field = { kind: 'number', name: 'duration', missing: true, integer: false };
const category: Field = { kind: 'category', name: 'country', missing: true, levels: ['DE', 'FR'] };
const boolean: Field = { kind: 'boolean', name: 'online', missing: true };
const timestamp: Field = { kind: 'timestamp', name: 'at', missing: true };

describe('a sentence about a field', () => {
  it.each([
    [number, 9200, 12.0432, 'duration 9,200; normal would be about 12'],
    [number, 12.061, 12.059, 'duration 12.061; normal would be about 12.059'],
    [number, 3.4e12, -0.5, 'duration 3.40000e+12; normal would be about -0.5'],
    [number, Infinity, 0, 'duration infinite; normal would be about 0'],
    [number, null, 12, 'duration is missing; normal would be about 12'],
    [number, 7, null, 'duration 7; normal would be missing'],
    [category, 'DE', 'FR', 'country "DE"; normal would be "FR"'],
    [category, null, 'FR', 'country is missing; normal would be "FR"'],
    [boolean, true, false, 'online yes; normal would be no'],
    [timestamp, 'Sunday 03:00:00', 'Monday 12:00:00', 'at Sunday 03:00:00; normal would be Monday 12:00:00'],
  ])('is in the units of the user: %#', (field, value, normal, sentence) => {
    expect(describeContribution({ field, value, normal, given: undefined }).sentence).toBe(sentence);
  });

  it('says a number that is beyond the floats of a model as the caller sent it, and infinity as such', () => {
    const sentenceOf = (value: number, given: unknown) =>
      describeContribution({ field: number, value, normal: 12, given });
    expect(sentenceOf(Infinity, 1e300)).toEqual({
      value: 1e300,
      sentence: 'duration 1.00000e+300; normal would be about 12',
    });
    expect(sentenceOf(-Infinity, -1e300).sentence).toBe('duration -1.00000e+300; normal would be about 12');
    expect(sentenceOf(Infinity, 'Infinity').sentence).toBe('duration infinite; normal would be about 12');
    expect(sentenceOf(Infinity, Infinity).sentence).toBe('duration infinite; normal would be about 12');
  });

  it('calls an unseen level by the name that the caller gave it, where one is known', () => {
    const fact = { field: category, value: '(unseen level)', normal: 'DE' };
    expect(describeContribution({ ...fact, given: 'Narnia' })).toEqual({
      value: 'Narnia',
      sentence: 'country "Narnia", never seen in training; normal would be "DE"',
    });
    expect(describeContribution({ ...fact, given: undefined }).sentence).toBe(
      'country "(unseen level)", never seen in training; normal would be "DE"',
    );
  });
});
