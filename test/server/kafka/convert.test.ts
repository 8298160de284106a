import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { AristarchError } from '../../../src/base/errors.ts';
import { toDeadLetter, withoutKeyAndHeaders, withoutValue } from '../../../src/server/kafka/convert.ts';
import { toMessage } from './memory-kafka.ts';

const SOURCE = { topic: 'events', partition: 3 };

describe('a dead letter that is too large', () => {
  const reason = new AristarchError('RESOURCE_EXHAUSTED', 'too large');
  const whole = toDeadLetter(SOURCE, { ...toMessage(5, 'the value'), headers: { theirs: 'x' } }, reason);

  it('loses its value first, and tells its hash and length', () => {
    const letter = withoutValue(whole);
    expect(letter).toMatchObject({ key: whole.key, value: null });
    expect(letter.headers).toEqual({
      ...whole.headers,
      'aristarch-dropped': 'value',
      'aristarch-value-sha256': createHash('sha256').update('the value').digest('hex'),
      'aristarch-value-bytes': '9',
    });
  });

  it('loses its key and the headers that are not ours at last', () => {
    const letter = withoutKeyAndHeaders(withoutValue(whole));
    expect(letter).toMatchObject({ key: null, value: null });
    expect(letter.headers).not.toHaveProperty('theirs');
    expect(letter.headers).toMatchObject({
      'aristarch-dropped': 'value, key, headers',
      'aristarch-error-code': 'RESOURCE_EXHAUSTED',
      'aristarch-source-topic': 'events',
      'aristarch-source-partition': '3',
      'aristarch-source-offset': '5',
      'aristarch-value-bytes': '9',
    });
    expect(Object.values(letter.headers)).not.toContain(undefined);
  });
});
