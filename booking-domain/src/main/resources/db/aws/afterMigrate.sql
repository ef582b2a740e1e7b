-- Aurora forgets its binary log as soon as it can unless told for how long to keep it; no parameter group says that.
CALL mysql.rds_set_configuration('binlog retention hours', 168);
