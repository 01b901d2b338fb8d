/** Bootstrap over users and seeds, intervals, p-values, Holm's correction. */

export {
  type BootstrapOptions,
  type Estimate,
  hierarchicalMean,
  holm,
  type Nested,
  pOver,
  pValue,
} from "./bootstrap.ts";
export {
  type Clustered,
  clusteredMean,
  type Interval,
  interval95,
  intervalOver,
  quantile,
  type Resampled,
  resample,
  sumsByKey,
} from "./resample.ts";
