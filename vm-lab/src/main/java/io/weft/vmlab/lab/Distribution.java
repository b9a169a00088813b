package io.weft.vmlab.lab;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The packaged product that the lab runs, as an operator would install it. */
public record Distribution(Path home) {
    private static final String HOME_PROPERTY = "weft.home";

    /** The directory named by the system property {@value #HOME_PROPERTY}, which the launcher sets. */
    public static Distribution locate() throws IOException {
        String home = System.getProperty(HOME_PROPERTY);
        if (home == null || !Files.isExecutable(Path.of(home, "bin", "weft"))) {
            throw new IOException("no Weft distribution at -D" + HOME_PROPERTY + "=" + home
                + ": start the lab with ./weft lab or ./weft demo");
        }
        return new Distribution(Path.of(home).toRealPath());
    }

    /** The root of the checkout that this distribution was built in. */
    public Path checkout() {
        return home.resolve("../../..").normalize();
    }

    public Path weft() {
        return home.resolve("bin/weft");
    }

    public Path cniPlugin() {
        return home.resolve("bin/weft-cni");
    }
}
