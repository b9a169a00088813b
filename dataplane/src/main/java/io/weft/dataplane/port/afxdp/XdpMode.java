package io.weft.dataplane.port.afxdp;

/** How a device's frames come to Weft, best first. */
enum XdpMode {
    ZERO_COPY("zero-copy"), NATIVE_COPY("native copy"), GENERIC("generic");

    private final String label;

    XdpMode(String label) {
        this.label = label;
    }

    String label() {
        return label;
    }
}
