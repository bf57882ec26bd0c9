-- complain if script is sourced in psql, rather than via ALTER EXTENSION
\echo Use "ALTER EXTENSION trainplan UPDATE TO '1.1'" to load this file. \quit
