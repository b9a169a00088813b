/**
 * Other programs: which of them Weft's commands need ({@link io.weft.nativebindings.process.Programs}), and the only way to start them
 * ({@link io.weft.nativebindings.process.ExternalCommand}). Cold code.
 */
package io.weft.nativebindings.process;
