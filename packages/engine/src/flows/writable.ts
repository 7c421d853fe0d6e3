/**
 * A value that is built member by member: on the path of every decision, copying it for each optional member would cost as
 * much as the decision.
 * @module
 */
export type Writable<Type> = { -readonly [Key in keyof Type]: Type[Key] };
