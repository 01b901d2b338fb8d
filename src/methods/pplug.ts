import { pplugLike } from "./pplug-soft.ts";

export const pplug = pplugLike({
  name: "pplug",
  label: "PPlug",
  paper: "PPlug",
  about:
    "A soft token made of the user's whole history stands before the query; the items' tags and scores are not in it.",
  trains: "pplug",
});
