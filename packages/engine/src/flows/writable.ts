/**
 * A value while it is put together, member by member: on the path of every decision, where copying it for each member that may
 * be left out would cost as much as the decision.
 * @module
 */
export type Writable<Type> = { -readonly [Key in keyof Type]: Type[Key] };
