import { lookup as resolve } from 'node:dns';
import type { LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';
import { AssetRefused } from './errors.ts';

type Address = ipaddr.IPv4 | ipaddr.IPv6;
type Network = [Address, number];

/** @param allow networks in CIDR form. @throws TypeError naming the one that is not */
export function parseNetworks(allow: string[]): Network[] {
  return allow.map((network) => {
    if (!ipaddr.isValidCIDR(network))
      throw new TypeError(`"${network}" is no network in CIDR form, such as 10.0.0.0/8`);
    return ipaddr.parseCIDR(network);
  });
}

const nat64 = ipaddr.parseCIDR('64:ff9b::/96') as [ipaddr.IPv6, number];
const globalUnicast = ipaddr.parseCIDR('2000::/3') as [ipaddr.IPv6, number];

/** An IPv6 address that only wraps an IPv4 one (mapped, RFC 4291; NAT64, RFC 6052) is the latter. */
function unwrap(text: string): Address {
  const address = ipaddr.process(text);
  if (address instanceof ipaddr.IPv6 && address.match(nat64)) return new ipaddr.IPv4(address.toByteArray().slice(12));
  return address;
}

/** Whether an IP address is one of the public Internet, or in one of the networks that are allowed besides. */
export function isAllowed(text: string, allow: Network[]): boolean {
  if (!ipaddr.isValid(text)) return false;
  const address = unwrap(text);
  if (allow.some(([network, bits]) => address.kind() === network.kind() && address.match(network, bits))) return true;
  return address.range() === 'unicast' && (address instanceof ipaddr.IPv4 || address.match(globalUnicast));
}

/**
 * A name look-up for sockets that fails when any of a name's addresses is not allowed: what was checked is what the socket
 * connects to, so a name can't resolve to another address in between.
 */
export function makeGuardedLookup(allow: Network[]): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) {
        callback(error, []);
        return;
      }
      const [first] = addresses;
      if (!addresses.every(({ address }) => isAllowed(address, allow))) {
        callback(new AssetRefused(`${hostname} is at an address that is not public`), []);
      } else if (options.all) callback(null, addresses);
      else if (first) callback(null, first.address, first.family);
      else callback(new Error(`${hostname} has no address`), []);
    });
  };
}
