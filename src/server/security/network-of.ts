/**
 * Whom an address stands for that has proven nothing: the address, and of IPv6 the first 64 bits, since whoever has one address of a network mostly
 * has all of them (RFC 6177), and could call from another one each time.
 */
export function networkOf(address: string): string {
  if (!address.includes(':')) return address;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  const [before = '', after] = address.replace(/%.*$/, '').split('::');
  const head = groupsOf(before);
  const tail = after === undefined ? [] : groupsOf(after);
  const whole = [...head, ...Array<string>(Math.max(0, GROUPS - head.length - tail.length)).fill('0'), ...tail];
  return `${whole.slice(0, NETWORK_GROUPS).join(':')}::/64`;
}

/** Of 16 bits each. */
const [GROUPS, NETWORK_GROUPS] = [8, 4];

const groupsOf = (text: string): string[] => (text === '' ? [] : text.split(':'));
