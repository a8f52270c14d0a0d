/** What is worked out of a value that others hold, once for all who ask while it is held. */
export function onceFor<T>() {
  const known = new WeakMap<object, T>();
  return {
    of(held: object, make: () => T): T {
      let found = known.get(held);
      if (found === undefined) {
        found = make();
        known.set(held, found);
      }
      return found;
    },
  };
}
