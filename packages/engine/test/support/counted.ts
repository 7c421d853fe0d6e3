/**
 * A value that counts how often anything of it is looked at, so that the cost of a reader can be measured without a clock.
 * @module
 */

export interface Counter {
  looks: number;
}

/** The same value, all the way down; equal objects stay equal. */
export function counted(value: unknown, counter: Counter): unknown {
  const proxies = new WeakMap<object, object>();
  const wrap = (inner: unknown): unknown => {
    if (typeof inner !== "object" || inner === null) return inner;
    const known = proxies.get(inner);
    if (known !== undefined) return known;
    const proxy = new Proxy(inner, {
      get: (target, key, receiver) => {
        counter.looks += 1;
        return wrap(Reflect.get(target, key, receiver));
      },
      has: (target, key) => {
        counter.looks += 1;
        return Reflect.has(target, key);
      },
      ownKeys: (target) => {
        const keys = Reflect.ownKeys(target);
        counter.looks += keys.length;
        return keys;
      },
      getOwnPropertyDescriptor: (target, key) => {
        counter.looks += 1;
        return Reflect.getOwnPropertyDescriptor(target, key);
      },
    });
    proxies.set(inner, proxy);
    return proxy;
  };
  return wrap(value);
}
