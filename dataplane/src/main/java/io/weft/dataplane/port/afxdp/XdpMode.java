package io.weft.dataplane.port.afxdp;

/** How frames pass between a device and Weft, best mode first. */
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
