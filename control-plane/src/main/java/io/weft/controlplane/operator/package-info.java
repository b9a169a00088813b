/** What operators have written through the API: kept in the state directory, applied by the control loop. */
package io.weft.controlplane.operator;
