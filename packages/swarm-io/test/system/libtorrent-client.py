"""One torrent in libtorrent: PORT SOURCE FOLDER [HOST PORT]. Writes a line for each change, and ends with its input."""
import sys
import threading
import time

import libtorrent as lt

port, source, folder, *peer = sys.argv[1:]
session = lt.session({
    'listen_interfaces': '127.0.0.1:' + port,
    'enable_dht': False,
    'enable_lsd': False,
    'enable_upnp': False,
    'enable_natpmp': False,
    'enable_incoming_utp': False,
    'enable_outgoing_utp': False,
    'allow_multiple_connections_per_ip': True,
    'alert_mask': lt.alert.category_t.error_notification,
})
is_magnet = source.startswith('magnet:')
wanted = lt.parse_magnet_uri(source) if is_magnet else lt.add_torrent_params()
if not is_magnet:
    wanted.ti = lt.torrent_info(source)
wanted.save_path = folder
torrent = session.add_torrent(wanted)
ended = threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()


def dial():
    if peer and torrent.status().num_peers == 0:
        torrent.connect_peer((peer[0], int(peer[1])))


last, dialled = None, 0.0
while not ended.is_set():
    for alert in session.pop_alerts():
        print('alert ' + alert.message(), flush=True)
    if time.monotonic() - dialled > 0.5:
        dialled = time.monotonic()
        dial()
    status = torrent.status()
    line = '%s %d' % ('complete' if status.is_seeding else 'incomplete', session.listen_port())
    if line != last:
        print(line, flush=True)
        last = line
    ended.wait(0.05)
