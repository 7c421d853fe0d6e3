/**
 * Online ridge regression: the inverse of its matrix is updated by rank one for each row (Sherman and Morrison).
 * @module
 */

export class RidgeArm {
  readonly weights: Float64Array;
  readonly #size: number;
  readonly #inverse: Float64Array;
  readonly #image: Float64Array;

  constructor(size: number, penalty = 1) {
    this.#size = size;
    this.weights = new Float64Array(size);
    this.#inverse = new Float64Array(size * size);
    this.#image = new Float64Array(size);
    for (let at = 0; at < size; at += 1) this.#inverse[at * size + at] = 1 / penalty;
  }

  predict(context: Float64Array): number {
    let sum = 0;
    for (let at = 0; at < this.#size; at += 1) sum += (this.weights[at] as number) * (context[at] as number);
    return sum;
  }

  /** xᵀ A⁻¹ x: the uncertainty in the direction of a context. */
  uncertainty(context: Float64Array): number {
    this.#multiply(context);
    let sum = 0;
    for (let at = 0; at < this.#size; at += 1) sum += (this.#image[at] as number) * (context[at] as number);
    return sum;
  }

  add(context: Float64Array, target: number): void {
    const size = this.#size;
    const error = target - this.predict(context);
    const norm = 1 + this.uncertainty(context);
    const [inverse, image] = [this.#inverse, this.#image];
    for (let row = 0; row < size; row += 1) {
      const scaled = (image[row] as number) / norm;
      this.weights[row] = (this.weights[row] as number) + scaled * error;
      for (let column = 0; column < size; column += 1)
        inverse[row * size + column] = (inverse[row * size + column] as number) - scaled * (image[column] as number);
    }
  }

  #multiply(context: Float64Array): void {
    const size = this.#size;
    for (let row = 0; row < size; row += 1) {
      let sum = 0;
      for (let column = 0; column < size; column += 1)
        sum += (this.#inverse[row * size + column] as number) * (context[column] as number);
      this.#image[row] = sum;
    }
  }
}
