import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { dayOfWeek, parseIso8601, secondOfDay } from '../../../src/models/features/timestamp.ts';

describe('timestamps', () => {
  it('agree with Date for every second of 8,000 years', () => {
    fc.assert(
      fc.property(
        fc.date({ noInvalidDate: true, min: new Date('0001-01-01'), max: new Date('9999-12-31') }),
        (date) => {
          const seconds = parseIso8601(date.toISOString())!;
          expect(seconds).toBe(Math.floor(date.getTime() / 1000));
          expect(dayOfWeek(seconds)).toBe((date.getUTCDay() + 6) % 7);
          expect(secondOfDay(seconds)).toBe(
            date.getUTCHours() * 3600 + date.getUTCMinutes() * 60 + date.getUTCSeconds(),
          );
        },
      ),
    );
  });

  it.each([
    ['2024-05-31', '2024-05-31T00:00:00Z'],
    ['2024-05-31T10:20', '2024-05-31T10:20:00Z'],
    ['2024-05-31 10:20:30', '2024-05-31T10:20:30Z'],
    ['2024-05-31T10:20:30.999999999', '2024-05-31T10:20:30Z'],
    ['2024-05-31T00:20+02:00', '2024-05-30T22:20:00Z'],
    ['2024-05-31T10:20:30-0130', '2024-05-31T11:50:30Z'],
    ['2024-05-31T10:20:30+05', '2024-05-31T05:20:30Z'],
    ['2024-02-29', '2024-02-29T00:00:00Z'],
  ])('%s is %s', (text, instant) => {
    expect(parseIso8601(text)).toBe(Date.parse(instant) / 1000);
  });

  it.each([
    '',
    'today',
    '2024-02-30',
    '2023-02-29',
    '2024-13-01',
    '2024-00-10',
    '2024-1-1',
    '2024-01-01T24:00:00',
    '2024-01-01T10:60',
    '10:20',
    '2024-01-01T10',
    ' 2024-01-01',
  ])('"%s" is no timestamp', (text) => expect(parseIso8601(text)).toBeUndefined());

  it('have no slots where they are not finite', () => {
    expect([secondOfDay(NaN), dayOfWeek(NaN), secondOfDay(Infinity), dayOfWeek(-Infinity)]).toEqual([
      NaN,
      NaN,
      NaN,
      NaN,
    ]);
  });
});
