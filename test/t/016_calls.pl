# Whatever is passed to the functions, and whatever is done by hand to the tables in the
# meantime: an answer, or an error with an SQLSTATE of its own (test/calls/run).

use strict;
use warnings;

use lib 'test/perl';
use Test::More;
use Trainplan;

# It goes on after a crash, to show what else there is.
my $server = start_server('calls');
$server->append_conf('postgresql.conf', "restart_after_crash = on\nmax_connections = 30\nlog_statement = none");
$server->restart;

local $ENV{PGHOST} = $server->host;
local $ENV{PGPORT} = $server->port;
local $ENV{SERVER_LOG} = $server->logfile;

my $said = `test/calls/run --seed 1 --calls 3000 2>&1`;

is($?, 0, 'nothing but answers and errors') or diag($said);
note($said);

$server->stop;
done_testing();
