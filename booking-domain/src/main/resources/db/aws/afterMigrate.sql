-- Aurora deletes its binary log early by default. No parameter group contains the retention time.
CALL mysql.rds_set_configuration('binlog retention hours', 168);
