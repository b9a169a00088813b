package io.weft.controlplane.cli;

import io.weft.dataplane.table.TablesReader;
import io.weft.lb.service.Backend;
import io.weft.lb.service.ServiceSpec;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** {@code weft show services} and {@code backends}. */
final class ServiceViews {
    private ServiceViews() {
    }

    static Table services(TablesReader tables) {
        Table table = new Table("address", "port", "protocol", "name", "backends", "local");
        for (ServiceSpec service : sorted(tables)) {
            table.add(service.key().vip().toString(), service.key().port(), protocol(service.key().protocol()),
                service.name(), service.backends().size(),
                service.backends().stream().filter(ServiceViews::isLocal).count());
        }
        return table;
    }

    static Table backends(TablesReader tables) {
        Table table = new Table("service", "address", "port", "protocol", "backend", "backendPort", "local");
        for (ServiceSpec service : sorted(tables)) {
            for (Backend backend : service.backends()) {
                table.add(service.name(), service.key().vip().toString(), service.key().port(),
                    protocol(service.key().protocol()), backend.ip().toString(), backend.port(),
                    isLocal(backend));
            }
        }
        return table;
    }

    static List<ServiceSpec> sorted(TablesReader tables) {
        List<ServiceSpec> services = new ArrayList<>();
        tables.services().forEach(services::add);
        services.sort(Comparator.comparing(ServiceSpec::name).thenComparingInt(service -> service.key().protocol())
            .thenComparingInt(service -> service.key().port()));
        return services;
    }

    static String protocol(int number) {
        return switch (number) {
            case 1 -> "icmp";
            case 6 -> "tcp";
            case 17 -> "udp";
            default -> String.valueOf(number);
        };
    }

    private static boolean isLocal(Backend backend) {
        return backend.is(Backend.LOCAL);
    }
}
