/** Where test traffic runs: between given devices, over a veth pair, or from pod to pod through Weft or Linux nodes in a lab. */
package io.weft.perf.traffic.bed;
