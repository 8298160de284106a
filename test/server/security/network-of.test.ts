import { expect, it } from '@jest/globals';
import { networkOf } from '../../../src/server/security/network-of.ts';

it.each([
  ['10.1.2.3', '10.1.2.3'],
  ['unknown', 'unknown'],
  ['::ffff:10.1.2.3', '10.1.2.3'],
  ['2001:db8:0:7:1:2:3:4', '2001:db8:0:7::/64'],
  ['2001:db8:0:7::99', '2001:db8:0:7::/64'],
  ['2001:db8::99', '2001:db8:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
])('%s counts as %s: who has one address of a network of IPv6 has them all', (address, network) => {
  expect(networkOf(address)).toBe(network);
});
