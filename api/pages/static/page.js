// What pages do beyond links and forms. Everything works without it but for what is live; it keeps nothing, the address holds the state.
import { watchAgain } from "./again.js";
import { watchBusy } from "./busy.js";
import { watchCopies } from "./copy.js";
import { watchLater } from "./later.js";
import { watchLive } from "./live.js";
import { watchPairs } from "./pairs.js";
import { watchSwaps, onSwap } from "./swap.js";
import { watchFrontier } from "./frontier.js";
import { localTimes } from "./times.js";
import { watchKeys } from "./keys.js";

function dress(root) {
  localTimes(root);
  watchPairs(root);
  watchLive(root);
  watchAgain(root);
  watchLater(root);
  watchFrontier(root);
}

watchSwaps();
watchBusy();
watchKeys();
watchCopies();
dress(document);
onSwap(dress);
